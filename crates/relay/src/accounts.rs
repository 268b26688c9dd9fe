//! Placeholder: the accounts' tokens are another part's.

use crate::context::Context;
use crate::database::{DatabaseError, Value};
use crate::refusal::Refusal;

/// An account has to be linked again.
///
/// # Errors
/// [`Refusal`] if the database does not answer.
pub async fn set_needs_linking(context: &Context, account: &str) -> Result<(), Refusal> {
    let account = account.to_owned();
    context
        .database
        .write::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE account SET state = 'needs_linking' WHERE id = $1";
                tx.execute(sql, &[Value::Text(&account)]).await.map(|_| ())
            })
        })
        .await?;
    Ok(())
}
