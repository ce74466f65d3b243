/** The calls of the Machines API about metadata and leases.
 * @module
 */
import type { LoopbackAnswer } from "../loopback_server.ts";
import { type Call, json, OK } from "./machine_call.ts";
import { isRecord } from "../machine/records/machine_config.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";

/** Reads all metadata: `GET /:id/metadata`. */
export function getAll({ machines, id }: Call): LoopbackAnswer {
  return json(machines.get(id).config.metadata ?? {});
}

/** Reads one value: `GET /:id/metadata/:key`. */
export function getOne({ machines, id, key }: Call): LoopbackAnswer {
  const value = machines.get(id).config.metadata?.[key];
  if (value === undefined) {
    throw new PlatformError(404, `metadata key "${key}" not found`);
  }
  return json({ value });
}

/** Sets one value: `POST /:id/metadata/:key`. Whether Fly minds a lease here is not known; the sandbox does not. */
export function setOne({ machines, id, key, body }: Call): LoopbackAnswer {
  const value = isRecord(body) ? body.value : undefined;
  if (typeof value !== "string") throw invalidArgument("value is not text");
  machines.get(id).setMetadata({ [key]: value });
  return { status: 204 };
}

/** Sets and removes values: `PATCH` or `PUT /:id/metadata`. */
export function setMany({ machines, id, body }: Call): LoopbackAnswer {
  const machine = machines.get(id);
  if (!isRecord(body) || !isRecord(body.metadata)) {
    throw invalidArgument("metadata is not an object");
  }
  const { machine_version: version } = body;
  if (version && version !== machine.instanceId) {
    throw new PlatformError(
      412,
      "failed_precondition: machine version mismatch",
    );
  }
  const change: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(body.metadata)) {
    if (value !== null && typeof value !== "string") {
      throw invalidArgument(`metadata.${key} is not text`);
    }
    change[key] = value || null;
  }
  machine.setMetadata(change);
  return json({ metadata: machine.config.metadata ?? {} });
}

/** Removes one value: `DELETE /:id/metadata/:key`. */
export function removeOne({ machines, id, key }: Call): LoopbackAnswer {
  machines.get(id).setMetadata({ [key]: null });
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
