import { DEPLOYER_POINTS, killDeployerAt } from "../prove/kill_deployer.ts";
import { killMachineAt, MACHINE_POINTS } from "../prove/kill_machine.ts";

// All points by `deno task prove kills`; here some others every day, named where one fails.
const TODAY = Math.floor(Date.now() / 86_400_000);

function ofToday<T>(all: readonly T[], count: number): T[] {
  return Array.from(
    { length: count },
    (_, index) => all[(TODAY * count + index) % all.length]!,
  );
}

Deno.test("a machine that is killed in the middle of an upgrade starts with what its generation runs, and goes on from there", async () => {
  await killMachineAt(ofToday(MACHINE_POINTS, 3));
});

Deno.test("a deployer that is killed leaves nothing half done that the next rollout or a rollback would not settle", async () => {
  const own = DEPLOYER_POINTS.filter((point) => point.includes(": "));
  await killDeployerAt(ofToday(own, 2));
});
