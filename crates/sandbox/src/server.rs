//! The HTTP server on loopback. A fault, or [`Server::unplug`], can cut its connections without a byte: a client tells
//! "no answer" from "an answer I cannot read", and both must be shown to it.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::Service, service::service_fn};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};

/// Cuts the connection that a request came in on.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionCutter(Arc<Notify>);

impl ConnectionCutter {
    /// Cuts the connection; the request's future never goes on from here.
    pub(crate) async fn cut(self) -> Response {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// A listening server. Dropping it cuts everything.
#[derive(Debug)]
pub(crate) struct Server {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on loopback; port 0 takes a free one. Gives back where.
    pub(crate) async fn listen(port: u16, router: Router) -> io::Result<(SocketAddr, Server)> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, router, stopped));
        Ok((address, Server { stop, task }))
    }

    /// Stops listening and cuts every connection; when it returns, the port is free.
    pub(crate) async fn unplug(mut self) {
        // Nobody listening to the signal means that the task is over already.
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            incoming = listener.accept() => match incoming {
                Ok((stream, _)) => drop(connections.spawn(talk(stream, router.clone()))),
                // Out of descriptors, or the peer is gone already: the next one may fare better.
                Err(error) => {
                    tracing::debug!(%error, "could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn talk(stream: TcpStream, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not turn off the delay of a socket");
    }
    let scissors = ConnectionCutter::default();
    let router = TowerToHyperService::new(router);
    let service = {
        let scissors = scissors.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(scissors.clone());
            let answer = router.call(request);
            async move { Ok::<Response, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        })
    };
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // Losing this race drops the connection and with it the socket.
        () = scissors.0.notified() => {}
        over = connection => if let Err(error) = over {
            tracing::debug!(%error, "a connection ended with an error");
        },
    }
}
