/** A deadline between the pieces of a body.
 * @module
 */
import { ReadableStream } from "../base/platform/globals.ts";
import { natives, type Timer } from "../base/platform/natives.ts";

/** Passes a body through and errors it when no piece comes for a while. */
export function stallGuard(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  deadlineMs: number,
  failure: () => Error,
  explain: (cause: unknown) => unknown = (cause) => cause,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      let timer: Timer | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = natives.setTimeout(() => reject(failure()), deadlineMs);
      });
      try {
        const read = reader.read().catch((cause) => {
          throw explain(cause);
        });
        const { done, value } = await Promise.race([read, stalled]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        await reader.cancel(error).catch(() => {});
      } finally {
        natives.clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
