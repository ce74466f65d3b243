import { assertEquals } from "@std/assert";
import { KeptValues } from "../../modules/keep/values/kept_values.ts";
import type { KeptAccess } from "../../modules/keep/wrap.ts";
import { ClassRegistry } from "../../state/classes/class_registry.ts";
import { keptReach } from "./kept_reach.ts";

class User {
  constructor(readonly name: string) {}
}
class Admin extends User {}
class Room {
  users: User[] = [];
}
class Elsewhere {}

function reach(values: Readonly<Record<string, unknown>>) {
  const classes = new ClassRegistry();
  classes.register("user.ts", "User", User);
  classes.register("user.ts", "Admin", Admin);
  classes.register("room.ts", "Room", Room);
  const kept = new KeptValues();
  const opened = new Map<string, KeptAccess>();
  for (const [key, value] of Object.entries(values)) {
    const [place, name] = key.split("#") as [string, string];
    const access = opened.get(place) ?? kept.open(place, 0);
    opened.set(place, access);
    access.put(name, value);
  }
  return keptReach({ classes, kept }, ["a.ts#last"]);
}

Deno.test("keptReach() finds instances of the app's classes however deep they lie", async () => {
  const room = new Room();
  room.users.push(new Admin("a"));
  const circle: Record<string, unknown> = { room };
  circle.self = circle;
  assertEquals(
    await reach({
      "main.ts#rooms": new Map([["a", room]]),
      "main.ts#circle": circle,
      "main.ts#users": new Set([new User("b")]),
      "main.ts#plain": { a: [1, new Date(), new Elsewhere()] },
      "main.ts#none": null,
    }),
    {
      "main.ts#rooms": ["room.ts#Room", "user.ts#Admin"],
      "main.ts#circle": ["room.ts#Room", "user.ts#Admin"],
      "main.ts#users": ["user.ts#User"],
    },
  );
});

Deno.test("keptReach() looks at what is named first, and leaves large values at their beginning", async () => {
  const large = Array.from({ length: 900 }, () => ({ of: { it: {} } }));
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const found = await reach({
    ...Object.fromEntries(
      Array.from({ length: 90 }, (_, at) => [`a.ts#big${at}`, large]),
    ),
    "a.ts#behind": [...Array.from({ length: 5000 }, () => ({})), new User("d")],
    "a.ts#last": new User("c"),
  });
  clearInterval(timer);
  assertEquals(found, { "a.ts#last": ["user.ts#User"] });
  // Others have their turn in between.
  assertEquals(turns > 2, true, `${turns} turns`);
});
