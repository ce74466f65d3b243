/** The life of the chat: express and socket.io, whose clients are asked to connect again.
 * @module
 */
import { SocketIoTalker } from "../socket_io_talker.ts";
import type { Story } from "../story.ts";

/** What is done with the chat. */
export const CHAT: Story = {
  name: "chat",
  versions: 12,
  packages: [
    "npm:express@5.1.0",
    "npm:express@5.2.1",
    "npm:socket.io@4.8.1",
    "npm:escape-html@1.0.3",
  ],
  by: "preload",
  acts: [
    {
      method: "POST",
      path: "/rooms/lobby/messages",
      body: { from: "ann", text: "hello {v}" },
    },
    { method: "POST", path: "/rooms/lobby/messages", body: {} },
    {
      method: "POST",
      path: "/rooms/r{v}/messages",
      body: { from: "bob", text: "first" },
    },
    {
      method: "POST",
      path: "/rooms/lobby/messages",
      body: { from: "cyd", text: "what the heck" },
      from: 6,
    },
    {
      method: "PATCH",
      path: "/rooms/lobby/messages/0",
      body: { text: "edited {v}" },
      from: 7,
    },
  ],
  questions: [
    "/",
    "/rooms",
    "/rooms/lobby/messages",
    "/rooms/lobby/members",
    "/style.css",
    "/about.html",
    "/nothing",
  ],
  // Not /style.css: express.static asks for a file's length before it opens it, and a file that is replaced between the
  // two is answered cut to the old length, as by any deploy that renames files.
  load: ["/", "/rooms", "/rooms/lobby/messages", "/nothing"],
  talk: (url) =>
    SocketIoTalker.open(url, (version) => [
      ["join", "lobby", "dan"],
      ["say", "lobby", "dan", `from a socket ${version}`],
      ...(version < 5 ? [] : [["say", "lobby", "dan", "  "]]),
    ]),
  expected: {
    4: { state: "applied", reloaded: [] },
    11: {
      state: "refused",
      at: "rooms.ts:15 rooms: ",
    },
  },
};
