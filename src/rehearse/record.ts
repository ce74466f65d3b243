/** Recording the requests of a rehearsal in front of a running app.
 * @module
 */
import { type Recorder, startRecorder } from "@flyhot/runtime/testing";
import { errorText } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";

/** What to record, and where. */
interface RecordOptions {
  /** The file that requests are appended to. */
  readonly file: string;
  /** The app's URL. */
  readonly target: string;
  /** Where to listen; left out for a port that is free. */
  readonly port?: number;
  /** Whether credentials are written down. */
  readonly withCredentials: boolean;
}

/** Starts recording. */
export async function record(
  { file, target, port, withCredentials }: RecordOptions,
  host: Pick<Host, "files">,
): Promise<Recorder> {
  if (!/^https?:\/\//.test(target) || !URL.canParse(target)) {
    throw new FlyhotError(
      "usage",
      `Cannot record in front of ${target}: expected an http or https URL`,
      { hint: "for example --target http://localhost:8000" },
    );
  }
  try {
    await host.files.append(file, "");
  } catch (cause) {
    throw new FlyhotError(
      "usage",
      `Cannot write ${file}: ${errorText(cause)}`,
      { hint: "name a file in a folder that you may write to", cause },
    );
  }
  try {
    return await startRecorder({
      target,
      withCredentials,
      ...(port === undefined ? {} : { port }),
      write: (text) => host.files.append(file, text),
    });
  } catch (cause) {
    throw new FlyhotError(
      "conflict",
      `Cannot listen on port ${port}: ${errorText(cause)}`,
      { hint: "name another one with --port", cause },
    );
  }
}
