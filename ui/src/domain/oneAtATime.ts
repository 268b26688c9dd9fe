// Asking again while an answer is still on its way: one question at a time, and one more afterwards if something changed.
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
