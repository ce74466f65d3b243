/** What the tests of the sandbox share: small apps and a plain client of the Machines API. No tests here.
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { LeaseRecord } from "./machine/leases.ts";
import type {
  ExitEvent,
  MachineRecord,
} from "./machine/records/machine_types.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "./sandbox.ts";

/** A server that counts its requests, shows its environment and files, and ends when asked. */
export const SERVER = `
let count = 0;
Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => console.log("listening"),
}, async (request) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/env": return Response.json(Deno.env.toObject());
    case "/files": return Response.json(
      [...Deno.readDirSync(".")].map(({ name }) => name).sort(),
    );
    case "/write": await Deno.writeTextFile("written.txt", "by the app");
      return new Response("written");
    case "/exit": setTimeout(() => Deno.exit(3)); return new Response("bye");
  }
  return Response.json({ version: "v1", count: ++count });
});
`;

/** A folder with an app in it. */
export interface AppFolder extends AsyncDisposable {
  /** The folder. */
  readonly path: string;
  /** Writes a file of it. */
  write(path: string, text: string): Promise<void>;
}

/** Makes a folder with an app in it. */
export async function appFolder(
  files: Readonly<Record<string, string>> = { "main.ts": SERVER },
): Promise<AppFolder> {
  const path = await Deno.makeTempDir({ prefix: "app-" });
  const write = async (name: string, text: string) => {
    await Deno.mkdir(join(path, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(path, name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    path,
    write,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A sandbox with the image of an app, and a client. */
export interface Fixture extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly image: string;
  /** Asks the Machines API; the path is what comes after the app. */
  api<T = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>>;
  /** Makes a machine and waits until it answers. */
  serving(): Promise<string>;
}

/** An answer of the Machines API. */
export interface Answer<T = AnyBody> {
  readonly status: number;
  readonly body: T;
}

/** Whatever one machine's calls answer with; what is not there is undefined. */
export interface AnyBody extends MachineRecord {
  readonly error: string;
  readonly status: string;
  readonly ok: boolean;
  readonly previous_state: string;
  readonly stdout: string;
  readonly data: LeaseRecord;
}

/** Starts a sandbox with one image. */
export async function fixture(
  options: SandboxOptions & { files?: Readonly<Record<string, string>> } = {},
): Promise<Fixture> {
  const { files, ...rest } = options;
  const sandbox = await startSandbox({
    app: "my-app",
    // Answers are looked at one by one here, without a client that would wait.
    rateLimits: false,
    ...rest,
  });
  await using app = await appFolder(files);
  const image = await sandbox.buildImage(app.path);
  const api = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>> => {
    const response = await fetch(`${sandbox.flapsUrl}/v1/apps/my-app${path}`, {
      method,
      headers: { authorization: sandbox.env.FLY_API_TOKEN!, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? null : JSON.parse(text),
    };
  };
  return {
    sandbox,
    image,
    api,
    serving: async () => {
      const { id } = await sandbox.createMachine({ image });
      await sandbox.waitForLog(id, /^listening$/);
      return id;
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}

/** Asks a machine's program. */
export async function ask<T>(
  sandbox: Sandbox,
  id: string,
  path = "/",
): Promise<T> {
  const response = await fetch(sandbox.machine(id).url + path);
  return await response.json();
}

/** How a machine's main process ended, newest first. */
export async function exits(
  at: Fixture,
  id: string,
): Promise<readonly ExitEvent[]> {
  const { body } = await at.api("GET", `/machines/${id}`);
  return body.events.flatMap(({ request }) =>
    request === undefined ? [] : [request.exit_event]
  );
}

/** Asserts an error of the Machines API. */
export function assertRefused(
  answer: Answer,
  status: number,
  error: string,
): void {
  assertEquals([answer.status, answer.body.error], [status, error]);
}
