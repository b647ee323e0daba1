/**
 * Calls a handler from a receive loop. A bug in the handler surfaces as an uncaught exception, as from any Node event
 * handler, but it does not end the loop: a process that survives it still hears its robots.
 */
export function runHandler(handler: () => void): void {
  try {
    handler();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}
