/** A small program in two versions, many of which run in one process: each in a folder and on a port of its own.
 * @module
 */
import type { Files } from "../../support/driven_app.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { freePorts } from "../../support/net/free_port.ts";

/** A program: `SERVE(handler)` serves on its port, `NAME` is its folder. */
export interface Program {
  /** What `keep` names in it. */
  readonly keep?: readonly string[];
  /** What `keep` names with its functions. */
  readonly keepFunctions?: readonly string[];
  /** What is consented to. */
  readonly consent?: readonly string[];
  /** What it is asked, before and afterwards. Default `/`, before twice and afterwards once */
  readonly asks?: readonly string[];
  /** Its files. */
  readonly before: Files;
  /** Those that the next version changes. */
  readonly after: Files;
  /** What the next version answers at last, with the state of the first. */
  readonly answer?: string;
  /** Why the next version is refused. */
  readonly refused?: string;
}

/** Programs by their names. */
export type Programs = Readonly<Record<string, Program>>;

/** Runs many programs in one process. */
export class RunningPrograms implements AsyncDisposable {
  readonly #app: OrdinaryApp;
  readonly #programs: Programs;
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(
    app: OrdinaryApp,
    programs: Programs,
    ports: ReadonlyMap<string, number>,
  ) {
    this.#app = app;
    this.#programs = programs;
    this.#ports = ports;
  }

  /** Starts their first version, or the next one. */
  static async start(
    programs: Programs,
    version: "before" | "after" = "before",
    rebind = false,
  ): Promise<RunningPrograms> {
    const names = Object.keys(programs);
    const ports = new Map(Object.entries(freePorts(names)));
    const main = [
      ...names.map((name) => `import "./${name}/main.ts";`),
      `Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, () => new Response("here"));`,
    ];
    const files: Record<string, string | null> = {
      "main.ts": main.join("\n"),
      "deno.json": JSON.stringify({
        compilerOptions: {
          jsx: "precompile",
          jsxImportSource: "npm:hono@4.13.19/jsx",
        },
        flyhot: { ...settingsOf(programs), ...rebind ? { rebind } : {} },
      }),
    };
    for (const [name, { before, after }] of Object.entries(programs)) {
      const all = version === "before" ? before : { ...before, ...after };
      Object.assign(files, inFolder(name, all));
    }
    const app = await OrdinaryApp.start(files, {
      env: Object.fromEntries(
        [...ports].map(([name, port]) => [portName(name), String(port)]),
      ),
    });
    return new RunningPrograms(app, programs, ports);
  }

  /** Upgrades programs to their next version, or back to their first. */
  upgrade(names: readonly string[], version: "before" | "after" = "after") {
    const changes: Record<string, string | null> = {};
    for (const name of names) {
      Object.assign(changes, inFolder(name, this.#programs[name]![version]));
    }
    return this.#app.upgrade(changes);
  }

  /** Asks all of them, and gives the last answer of each. */
  async ask(times: number): Promise<Record<string, string>> {
    const answers = await Promise.all(
      Object.entries(this.#programs).map(async ([name, { asks }]) => {
        let answer = "";
        for (const path of asks ?? Array<string>(times).fill("/")) {
          answer = await this.#ask(name, path);
        }
        return [name, answer] as const;
      }),
    );
    return Object.fromEntries(answers);
  }

  /** Asks each of them without a pause while something happens and a few times more, and gives all answers. */
  async askWhile(
    happens: () => Promise<void>,
  ): Promise<Record<string, string[]>> {
    let rest = Infinity;
    const all = Object.keys(this.#programs).map(async (name) => {
      const answers: string[] = [];
      for (let left = rest; left > 0; left = Math.min(left - 1, rest)) {
        answers.push(await this.#ask(name, "/"));
      }
      return [name, answers] as const;
    });
    try {
      await happens();
    } finally {
      rest = 3;
    }
    return Object.fromEntries(await Promise.all(all));
  }

  async #ask(name: string, path: string): Promise<string> {
    // A main function that nobody waits for may not have come to its server.
    for (let tries = 0;; tries++) {
      try {
        const response = await fetch(
          `http://127.0.0.1:${this.#ports.get(name)}${path}`,
        );
        return await response.text();
      } catch (error) {
        if (tries === 100) return String(error);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Ends the process. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#app[Symbol.asyncDispose]();
  }
}

function settingsOf(programs: Programs) {
  const all = Object.entries(programs);
  return {
    keep: all.flatMap(([name, { keep = [], keepFunctions = [] }]) => [
      ...keep.map((it) => `${name}/${it}`),
      ...keepFunctions.map((it) => ({
        at: `${name}/${it}`,
        functions: "keep",
      })),
    ]),
    consent: all.flatMap(([name, { consent = [] }]) =>
      consent.map((it) => it.replaceAll("NAME", name))
    ),
  };
}

function inFolder(name: string, files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      `${name}/${path}`,
      text?.replaceAll(
        "SERVE(",
        `Deno.serve({ port: Number(Deno.env.get("${
          portName(name)
        }")), onListen() {} }, `,
      ) ?? null,
    ]),
  );
}

function portName(name: string): string {
  return `PORT_${name.toUpperCase()}`;
}
