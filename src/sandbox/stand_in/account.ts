/** Who is logged in, with which token, and what the app knows in secret.
 * @module
 */
import {
  type Asker,
  call,
  COMMON,
  parseFlags,
  type StandInHost,
  tell,
  tokenOf,
} from "./call.ts";

/** `fly auth whoami`, and `fly auth login`, which has nothing to do here. */
export async function whoami(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const response = await call(host, "GET", "/_sandbox", values);
  const { email } = await response.json();
  host.out(values.json ? `${JSON.stringify({ email })}\n` : `${email}\n`);
}

/** `fly auth token` */
export function token(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const bare = bareToken(host, values);
  if (!values.quiet) host.err("The 'fly auth token' command is deprecated.\n");
  host.out(values.json ? `${JSON.stringify({ token: bare })}\n` : `${bare}\n`);
  return Promise.resolve();
}

const KINDS = ["deploy", "machine-exec", "org", "readonly", "ssh"];

/** `fly tokens create <kind>`: whatever kind, it is the sandbox's only token. */
export function tokens(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values, positionals: [kind = ""] } = parseFlags(args, {
    ...COMMON,
    name: { type: "string", short: "n" },
    expiry: { type: "string", short: "x" },
    org: { type: "string", short: "o" },
    command: { type: "string", short: "C", multiple: true },
    "command-prefix": { type: "string", short: "p", multiple: true },
  });
  if (!KINDS.includes(kind)) {
    throw new Error(
      `"${kind}" is not a kind of token; name one of: ${KINDS.join(", ")}`,
    );
  }
  host.err("A sandbox has one token, and it may do everything.\n");
  const made = `FlyV1 ${bareToken(host, values)}`;
  host.out(values.json ? `${JSON.stringify({ token: made })}\n` : `${made}\n`);
  return Promise.resolve();
}

function bareToken(
  host: StandInHost,
  values: Asker,
): string {
  return tokenOf(host, values).replace(/^((FlyV1|Bearer)\s+)+/i, "");
}

const SECRETS = {
  ...COMMON,
  stage: { type: "boolean" },
  detach: { type: "boolean" },
} as const;

/** `fly secrets`: who sets one restarts every machine that runs, as on Fly. */
export const secrets = {
  list: async (args: readonly string[], host: StandInHost): Promise<void> => {
    const { values } = parseFlags(args, SECRETS);
    const response = await call(host, "GET", "/_sandbox/secrets", values);
    const all: { name: string; digest: string }[] = await response.json();
    host.out(
      values.json
        ? `${JSON.stringify(all, null, 4)}\n`
        : all.map(({ name, digest }) => `${name}\t${digest}\n`).join(""),
    );
  },
  import: async (args: readonly string[], host: StandInHost): Promise<void> => {
    const { values } = parseFlags(args, SECRETS);
    // Few import any, and the others need not wait for it.
    const { parseEnv } = await import("node:util");
    const text = await host.readText("/dev/stdin") ?? "";
    await send(Object.entries(parseEnv(text)), values, host);
  },
  set: (args: readonly string[], host: StandInHost): Promise<void> =>
    change(args, host, (text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
      throw new Error(
        `'${text}': must be provided as NAME=VALUE; put a value with spaces in quotes`,
      );
    }),
  unset: (args: readonly string[], host: StandInHost): Promise<void> =>
    change(args, host, (name) => [name, null]),
};

async function change(
  args: readonly string[],
  host: StandInHost,
  read: (text: string) => readonly [name: string, value: string | null],
): Promise<void> {
  const { values, positionals } = parseFlags(args, SECRETS);
  await send(positionals.map(read), values, host);
}

async function send(
  all: readonly (readonly [name: string, value: string | null | undefined])[],
  values: Asker & { readonly stage?: boolean | undefined },
  host: StandInHost,
): Promise<void> {
  if (all.length === 0) throw new Error("name at least one secret");
  await tell(host, "POST", "/_sandbox/secrets", values, {
    secrets: Object.fromEntries(all),
    stage: values.stage ?? false,
  }, 60_000);
  host.out(
    values.stage
      ? "Secrets have been staged, but not set on VMs. Deploy or update machines in this app for the secrets to take effect.\n"
      : "Secrets are set, and the machines that run have been restarted.\n",
  );
}

/** `fly storage create`: a sandbox has its bucket from the beginning, and its machines know it. */
export async function storage(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, {
    ...COMMON,
    name: { type: "string", short: "n" },
    org: { type: "string", short: "o" },
    yes: { type: "boolean", short: "y" },
    public: { type: "boolean", short: "p" },
  });
  const response = await call(host, "GET", "/_sandbox", values);
  const { storage } = await response.json();
  host.err(
    "A sandbox has its bucket already, and these secrets of the app name it:\n",
  );
  for (const [name, value] of Object.entries(storage)) {
    host.out(`${name}: ${value}\n`);
  }
}
