import { DatabaseSync } from "node:sqlite";

export const db = new DatabaseSync("dashboard.db");

db.exec(`
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS readings (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    value REAL NOT NULL
  );
`);
