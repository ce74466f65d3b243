/** The commands of the stand-in about the app as a whole, and its configuration file.
 * @module
 */
import {
  absolute,
  appOf,
  type Asker,
  call,
  COMMON,
  parseFlags,
  type StandInHost,
  tell,
} from "./call.ts";

/** What is read of a machine of the Machines API. */
interface Machine {
  readonly id: string;
  readonly state: string;
  readonly region: string;
  readonly instance_id: string;
  readonly updated_at: string;
  readonly config: {
    readonly image: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly services?: readonly { readonly internal_port?: number }[];
  };
  readonly checks?: readonly { readonly status: string }[];
}

/** `fly status` */
export async function status(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const app = await appOf(host, values);
  const machines = await machinesOf(app, host, values);
  if (values.json) {
    const answer = {
      ID: app,
      Name: app,
      Status: "deployed",
      Machines: machines,
    };
    return host.out(`${JSON.stringify(answer, null, 4)}\n`);
  }
  host.out(`App\n  Name = ${app}\n  Image = ${machines[0]?.config.image}\n`);
  host.out("\nMachines\nPROCESS\tID\tREGION\tSTATE\tCHECKS\tLAST UPDATED\n");
  for (
    const { id, region, state, config, checks = [], updated_at } of machines
  ) {
    const passing = checks.filter((it) => it.status === "passing").length;
    const health = checks.length === 0
      ? ""
      : `${checks.length} total, ${passing} passing`;
    const group = config.metadata?.fly_process_group ?? "";
    host.out(
      `${[group, id, region, state, health, updated_at].join("\t")}\n`,
    );
  }
}

async function machinesOf(
  app: string,
  host: StandInHost,
  values: Asker,
): Promise<readonly Machine[]> {
  const path = `/v1/apps/${encodeURIComponent(app)}/machines`;
  return await (await call(host, "GET", path, values)).json();
}

const FILE = { ...COMMON, yes: { type: "boolean", short: "y" } } as const;

/** `fly config`, as far as it goes without Fly. */
export const config = {
  validate: async (
    args: readonly string[],
    host: StandInHost,
  ): Promise<void> => {
    const { values } = parseFlags(args, FILE);
    const path = absolute(values.config ?? "fly.toml", host);
    host.err(`Validating ${path}\n`);
    await tell(host, "POST", "/_sandbox/config", values, { path });
    host.out("✓ Configuration is valid\n");
  },
  save: async (args: readonly string[], host: StandInHost): Promise<void> => {
    const { values } = parseFlags(args, FILE);
    const app = await appOf(host, values);
    const [machine] = await machinesOf(app, host, values);
    if (machine === undefined) {
      throw new Error(
        `${app} has no machine whose configuration could be saved`,
      );
    }
    const { FLY_PROCESS_GROUP: _, PRIMARY_REGION, ...env } =
      machine.config.env ?? {};
    const [service] = machine.config.services ?? [];
    await writeConfig(host, values, {
      app,
      region: PRIMARY_REGION || machine.region,
      env,
      port: service?.internal_port ?? null,
    });
  },
};

/** `fly launch --no-deploy`: the app is there, its file may not be. */
export async function launch(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, {
    ...FILE,
    deploy: { type: "boolean" },
    name: { type: "string" },
    org: { type: "string", short: "o" },
    region: { type: "string", short: "r" },
  });
  if (values.deploy !== false) {
    throw new Error(
      "this stand-in launches with --no-deploy only; then: fly deploy",
    );
  }
  const response = await call(host, "GET", "/_sandbox", values);
  const { app, region } = await response.json();
  await writeConfig(host, values, {
    app,
    region: values.region ?? region,
    env: {},
    port: 8080,
  });
}

async function writeConfig(
  host: StandInHost,
  values: { readonly config?: string; readonly yes?: boolean },
  told: {
    readonly app: string;
    readonly region: string;
    readonly env: Readonly<Record<string, string>>;
    readonly port: number | null;
  },
): Promise<void> {
  const path = absolute(values.config ?? "fly.toml", host);
  if (!values.yes && await host.readText(path) !== null) {
    throw new Error(`${path} is there already; overwrite it with --yes`);
  }
  const env = Object.entries(told.env).map(([name, value]) =>
    `  ${name} = ${JSON.stringify(value)}\n`
  );
  await host.writeText(
    path,
    `app = ${JSON.stringify(told.app)}\nprimary_region = ${
      JSON.stringify(told.region)
    }\n${env.length === 0 ? "" : `\n[env]\n${env.join("")}`}${
      told.port === null
        ? ""
        : `\n[http_service]\n  internal_port = ${told.port}\n`
    }`,
  );
  host.out(`Wrote config file ${path}\n`);
}
