/**
 * Tar archives as streams: the contract of `@std/tar`, for closed networks.
 *
 * @module
 */
export * from "./tar_stream.ts";
export * from "./untar_stream.ts";
