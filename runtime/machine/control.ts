/** The name of the control socket in the process's own temporary folder. */
export const CONTROL_SOCKET = "control.sock";

/** The control socket: how an operator on the machine asks what runs, and says "look now".
 *
 * A nudge carries no authority: what to run comes only from the bucket.
 *
 * @module
 */
import { env } from "node:process";
import { nativeFiles } from "../base/platform/native_files.ts";
import { URL } from "../base/platform/globals.ts";
import { errorText } from "../base/error_text.ts";
import { natives } from "../base/platform/natives.ts";
import type { Logger } from "../base/log.ts";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import type { RunningManifest } from "../protocol/manifest/manifest.ts";

/** What the socket answers with. */
export interface ControlHandlers {
  /** What runs. */
  info(): Promise<MachineInfo>;
  /** What a planner needs. */
  manifest(): Promise<RunningManifest>;
  /** Reads the pointer now. */
  check(): void;
}

/** An open control socket. */
export interface ControlSocket extends AsyncDisposable {
  readonly path: string;
}

/**
 * Opens the control socket, readable and writable by this user only.
 *
 * `GET /v1/info`, `GET /v1/manifest`, `POST /v1/check`. Throws if the path cannot be bound, or another process answers
 * there.
 */
export async function openControlSocket(
  path: string,
  handlers: ControlHandlers,
  logger: Logger,
): Promise<ControlSocket> {
  if (await answers(path)) {
    throw new Error(
      `Cannot open the control socket ${path}: another process has it; set FLYHOT_SOCKET for one of them`,
    );
  }
  await removeStale(path);
  // A mask for the moment between bind and chmod, in which others could connect.
  const mask = Deno.umask(0o177);
  let server: Deno.HttpServer;
  try {
    server = besideServeAddress(() =>
      natives.serve({
        path,
        onListen() {},
        onError(error) {
          const why = errorText(error);
          logger.warn(`a control request failed: ${why}`);
          return natives.Response.json({ error: why }, { status: 500 });
        },
      }, (request) => answer(request, handlers))
    );
  } catch (cause) {
    const why = errorText(cause);
    throw new Error(
      `Cannot open the control socket ${path}: ${why}; set FLYHOT_SOCKET to a short path in a folder that can be written`,
      { cause },
    );
  } finally {
    Deno.umask(mask);
  }
  server.unref();
  await Deno.chmod(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose](): Promise<void> {
      await server.shutdown();
      await Deno.remove(path).catch(() => {});
    },
  };
}

/** Deno lets the first server of a process listen at this variable's address: that of the app is meant. */
function besideServeAddress<T>(serve: () => T): T {
  const name = "DENO_SERVE_ADDRESS";
  const address = env[name];
  if (address === undefined) return serve();
  delete env[name];
  try {
    return serve();
  } finally {
    env[name] = address;
  }
}

// Only ever a socket: a path that was set by mistake may be somebody's file.
async function removeStale(path: string): Promise<void> {
  let there: Deno.FileInfo;
  try {
    there = await nativeFiles.lstat(path);
  } catch {
    return;
  }
  if (!there.isSocket) {
    throw new Error(
      `Cannot open the control socket ${path}: there is something else; set FLYHOT_SOCKET to another path`,
    );
  }
  await Deno.remove(path).catch(() => {});
}

async function answer(
  request: Request,
  handlers: ControlHandlers,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = `${request.method} ${pathname}`;
  if (route === "GET /v1/info") {
    return natives.Response.json(await handlers.info());
  }
  if (route === "GET /v1/manifest") {
    return natives.Response.json(await handlers.manifest());
  }
  if (route === "POST /v1/check") {
    handlers.check();
    return natives.Response.json({ ok: true }, { status: 202 });
  }
  return natives.Response.json({ error: `there is no ${route}` }, {
    status: 404,
  });
}

async function answers(path: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
    return true;
  } catch {
    return false;
  }
}
