import { assertEquals } from "@std/assert";
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
  const kept = {
    *values(names?: ReadonlySet<string>) {
      for (const [name, value] of Object.entries(values)) {
        if (!names || names.has(name)) yield [name, value] as const;
      }
    },
  };
  type Process = Parameters<typeof keptReach>[0];
  return keptReach({ classes, kept } as unknown as Process, ["last"]);
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
      Array.from({ length: 90 }, (_, at) => [`big${at}`, large]),
    ),
    behind: [...Array.from({ length: 5000 }, () => ({})), new User("d")],
    last: new User("c"),
  });
  clearInterval(timer);
  assertEquals(found, { last: ["user.ts#User"] });
  // Others have their turn in between.
  assertEquals(turns > 2, true, `${turns} turns`);
});
