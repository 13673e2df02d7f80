/**
 * What has to be done before this process ends in between, however it ends. A signal that no command
 * listens to ends it without the event for that.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const tasks = new Set<() => void>();

/**
 * Does the task, which cannot wait for anything, when the process ends.
 *
 * @returns forgets the task
 */
export function beforeEnd(task: () => void): () => void {
  if (tasks.size === 0) {
    process.on('exit', doAll);
    for (const signal of SIGNALS) {
      process.on(signal, endBySignal);
    }
  }
  tasks.add(task);
  return () => {
    if (tasks.delete(task) && tasks.size === 0) {
      stopListening();
    }
  };
}

function doAll(): void {
  for (const task of [...tasks]) {
    task();
  }
}

function endBySignal(signal: NodeJS.Signals): void {
  // Another listener is a command that ends in its own way.
  if (process.listenerCount(signal) === 1) {
    doAll();
    stopListening();
    process.kill(process.pid, signal);
  }
}

function stopListening(): void {
  process.off('exit', doAll);
  for (const signal of SIGNALS) {
    process.off(signal, endBySignal);
  }
}
