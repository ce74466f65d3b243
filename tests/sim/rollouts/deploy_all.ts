import type { SimWorld } from "../sim_world.ts";

/** Deploys one version after the other. */
export async function deployAll(world: SimWorld, ...versions: string[]) {
  const reports = [];
  for (const version of versions) {
    reports.push(await world.run(world.deploy(version)));
  }
  return reports.map(({ sha256 }) => sha256);
}
