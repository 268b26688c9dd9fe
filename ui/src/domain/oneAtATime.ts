// Runs one request at a time; calls during a run cause one more run afterwards.
export function oneAtATime(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const go = async (): Promise<void> => {
    do {
      again = false;
      await run();
    } while (again);
  };
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = go().finally(() => {
      running = undefined;
    });
    return running;
  };
}
