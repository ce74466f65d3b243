import { db } from "./db.ts";

export interface Reading {
  sensor: string;
  value: number;
}

const insert = db.prepare("INSERT INTO readings (sensor, value) VALUES (?, ?)");

export function add({ sensor, value }: Reading): void {
  insert.run(sensor, value);
}

export function latest(sensor: string): Reading | null {
  const row = db.prepare(
    "SELECT sensor, value FROM readings WHERE sensor = ? ORDER BY id DESC",
  ).get(sensor);
  return row ? { sensor, value: Number(row.value) } : null;
}

export function summary(): { sensor: string; count: number; mean: number }[] {
  return db.prepare(
    "SELECT sensor, count(*) AS count, avg(value) AS mean FROM readings GROUP BY sensor ORDER BY sensor",
  ).all().map((row) => ({
    sensor: String(row.sensor),
    count: Number(row.count),
    mean: Number(row.mean),
  }));
}
