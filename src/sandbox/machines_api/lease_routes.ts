/** The calls of the Machines API about leases and labels.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { type Call, json, OK } from "./machine_call.ts";
import { isRecord } from "../../base/values.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";

/** Sets one value: `POST /:id/metadata/:key`. Whether Fly minds a lease here is not known; the sandbox does not. */
export function setOne({ machines, id, key, body }: Call): LoopbackAnswer {
  const value = isRecord(body) ? body.value : undefined;
  if (typeof value !== "string") throw invalidArgument("value is not text");
  machines.get(id).setMetadata(key, value);
  return { status: 204 };
}

/** Reads the lease: `GET /:id/lease`. */
export function getLease({ machines, id }: Call): LoopbackAnswer {
  const lease = machines.get(id).lease.current(Date.now());
  if (lease === null) throw new PlatformError(404, "lease not found");
  return json({ status: "success", data: lease });
}

const LEASE_SECONDS = 3600;

/** Takes or renews the lease: `POST /:id/lease`. */
export function takeLease(
  { machines, id, query, body, nonce }: Call,
): LoopbackAnswer {
  const { ttl: inBody, description } = isRecord(body) ? body : {};
  const ttl = Number(query.get("ttl") ?? inBody ?? LEASE_SECONDS);
  if (!Number.isInteger(ttl) || ttl < 1) {
    throw invalidArgument("ttl is not a whole number of seconds");
  }
  const lease = machines.get(id).lease.acquire({
    ttl,
    description: typeof description === "string" ? description : "",
    nonce,
  }, Date.now());
  return json({ status: "success", data: lease }, 201);
}

/** Gives the lease back: `DELETE /:id/lease`. */
export function dropLease({ machines, id, nonce }: Call): LoopbackAnswer {
  machines.get(id).lease.release(nonce, Date.now());
  return OK;
}
