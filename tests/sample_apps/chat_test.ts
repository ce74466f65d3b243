import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startApp } from "../../runtime/testing/mod.ts";
import { type EditedApp, editedApp } from "../support/edited_app.ts";

interface Message {
  readonly id: number;
  readonly from: string;
  readonly text: string;
  readonly at?: string | null;
}

/** Somebody in a room. */
class Member {
  readonly name: string;
  readonly messages: Message[] = [];
  readonly notices: string[] = [];
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #listeners = new Set<() => void>();
  #talking = false;
  #said = 0;

  constructor(url: string, room: string, name: string) {
    this.name = name;
    this.#socket = new WebSocket(
      `${url.replace("http", "ws")}/${room}?as=${name}`,
    );
    this.#socket.onmessage = ({ data }) => {
      const value = JSON.parse(data);
      if (typeof value.notice === "string") this.notices.push(value.notice);
      else this.messages.push(value);
      if (value.from === name && this.#talking) this.say(this.next());
      for (const listener of [...this.#listeners]) listener();
    };
    const closed = Promise.withResolvers<void>();
    this.#socket.onclose = () => closed.resolve();
    this.closed = closed.promise;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** How much it has said by itself. */
  get said(): number {
    return this.#said;
  }

  async opened(): Promise<void> {
    if (this.isOpen) return;
    await new Promise((resolve) => this.#socket.onopen = resolve);
  }

  next(): string {
    return `${this.name} ${++this.#said}`;
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  /** Keeps some messages on their way: whenever one comes back, the next goes out. */
  startTalking(): void {
    this.#talking = true;
    for (let inFlight = 0; inFlight < 5; inFlight++) this.say(this.next());
  }

  async stopTalking(): Promise<void> {
    this.#talking = false;
    const last = `${this.name} ${this.#said}`;
    await this.until(() => this.messages.some(({ text }) => text === last));
  }

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const listener = () => {
        if (!holds()) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  async ask(line: string): Promise<string> {
    const before = this.notices.length;
    this.say(line);
    await this.until(() => this.notices.length > before);
    return this.notices[before]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

/** Version 2: messages have a time, those from before have none. */
async function toVersion2(app: EditedApp): Promise<void> {
  await app.edit(
    "rooms.ts",
    "  readonly text: string;",
    "  readonly text: string;\n  readonly at: string | null;",
  );
  await app.edit(
    "rooms.ts",
    "{ id: ++room.last, from, text }",
    "{ id: ++room.last, from, text, at: new Date().toISOString() }",
  );
  await app.edit(
    "rooms.ts",
    "  actions: {",
    `  version: 2,
  migrate: {
    2: {
      up: (room: Room) => ({
        ...room,
        messages: room.messages.map((message) => ({ ...message, at: null })),
      }),
      down: (room: Room) => ({
        ...room,
        messages: room.messages.map(({ at: _, ...message }) => message),
      }),
    },
  },
  actions: {`,
  );
}

/** Version 3: a command in a module of its own. */
async function toVersion3(app: EditedApp): Promise<void> {
  await app.write(
    "me.ts",
    `import type { Command } from "./command.ts";
import { rooms } from "./rooms.ts";

export const me: Command = async ({ room, name }, deed) => {
  await rooms.get(room).say("*", \`\${name} \${deed}\`);
  return null;
};
`,
  );
  await app.edit(
    "commands.ts",
    'import { rooms } from "./rooms.ts";',
    'import { me } from "./me.ts";\nimport { rooms } from "./rooms.ts";',
  );
  await app.edit(
    "commands.ts",
    '  ["rooms",',
    '  ["me", me],\n  ["rooms",',
  );
}

const TITLE = `
    3: {
      up: (room: Omit<Room, "title">) => ({
        ...room,
        title: room.messages[0]!.text.slice(0, 20),
      }),
    },`;

/** Version 4: rooms have a title, which the author forgot that an empty room cannot be given. */
async function toVersion4(app: EditedApp): Promise<void> {
  await app.edit(
    "rooms.ts",
    "last: number;",
    "last: number;\n  title: string;",
  );
  await app.edit("rooms.ts", "({ last: 0,", '({ last: 0, title: "",');
  await app.edit("rooms.ts", "version: 2", "version: 3");
  await app.edit("rooms.ts", "  migrate: {", `  migrate: {${TITLE}`);
}

/** Version 5: it is mended. */
async function toVersion5(app: EditedApp): Promise<void> {
  await app.edit(
    "rooms.ts",
    "room.messages[0]!.text.slice(0, 20)",
    'room.messages[0]?.text.slice(0, 20) ?? ""',
  );
}

Deno.test("tests/apps/chat: rooms migrate, commands come in, and every message arrives once and in order", async () => {
  await using source = await editedApp("chat");
  await using app = await startApp({ from: source.folder, app: "chat" });
  await using ann = new Member(app.url, "lobby", "ann");
  await using bob = new Member(app.url, "lobby", "bob");
  await using cid = new Member(app.url, "den", "cid");
  // Joined, and says nothing: a room without messages.
  await using dot = new Member(app.url, "quiet", "dot");
  await using eve = new Member(app.url, "attic", "eve");
  const members = [ann, bob, cid, dot, eve];
  const talkers = [ann, bob, cid];
  await Promise.all(members.map((member) => member.opened()));
  eve.say("hello");
  await eve.until(() => eve.messages.length > 0);
  const rooms = async (): Promise<
    Record<string, { title?: string; messages: Message[] }>
  > => await (await fetch(`${app.url}/rooms`)).json();

  const upgrade = async (edit: (source: EditedApp) => Promise<void>) => {
    await edit(source);
    for (const talker of talkers) talker.startTalking();
    const before = talkers.map(({ said }) => said);
    const report = await app.upgrade(source.folder);
    const after = talkers.map(({ said }) => said);
    await Promise.all(talkers.map((talker) => talker.stopTalking()));
    assert(after.every((said, index) => said > before[index]!), "all talked");
    return report;
  };

  const second = await upgrade(toVersion2);
  assertEquals(second.state, "applied", second.failure?.message);
  assertEquals(second.reloaded, ["app.ts", "commands.ts", "rooms.ts"]);
  assertEquals(second.holders, [
    { name: "rooms", from: 1, to: 2, action: "migrated" },
  ]);
  const { attic } = await rooms();
  assertEquals(attic?.messages, [
    { id: 1, from: "eve", text: "hello", at: null },
  ]);
  eve.say("again");
  await eve.until(() => eve.messages.length > 1);
  assertEquals(eve.messages.map(({ at }) => typeof at), [
    "undefined",
    "string",
  ]);

  assertEquals(await ann.ask("/me waves"), "There is no /me; try /help");
  const third = await upgrade(toVersion3);
  assertEquals(third.state, "applied", third.failure?.message);
  assertEquals(third.reloaded, ["app.ts", "commands.ts"]);
  assertEquals(await ann.ask("/help"), "Commands: /help, /me, /rooms");
  eve.say("/me waves");
  await eve.until(() => eve.messages.at(-1)?.text === "eve waves");

  const before = await rooms();
  const fourth = await upgrade(toVersion4);
  assertEquals(fourth.state, "failed");
  assertEquals(fourth.failure?.phase, "migrate");
  assertStringIncludes(fourth.failure?.message ?? "", "rooms[quiet]");
  const after = await rooms();
  assertEquals([after.attic, after.quiet], [before.attic, before.quiet]);
  assertEquals(await ann.ask("/help"), "Commands: /help, /me, /rooms");

  const fifth = await upgrade(toVersion5);
  assertEquals(fifth.state, "applied", fifth.failure?.message);
  const titled = await rooms();
  assertEquals([titled.attic?.title, titled.quiet?.title], ["hello", ""]);

  dot.say("at last");
  await dot.until(() => dot.messages.length > 0);
  assert(members.every(({ isOpen }) => isOpen), "a socket was closed");
  for (const { name, messages } of members) {
    const gap = messages.find(({ id }, index) => id !== index + 1);
    assertEquals(gap, undefined, `${name} missed a message, or got one twice`);
  }
  for (const { name, said, messages } of talkers) {
    const own = messages.filter(({ from }) => from === name);
    assertEquals(own.length, said, `${name} was not heard`);
    const late = own.find(({ text }, at) => text !== `${name} ${at + 1}`);
    assertEquals(late, undefined, `${name} was heard out of order`);
  }
});
