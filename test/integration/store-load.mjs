// Puts a store under load until it is killed: node store-load.mjs '{ "driver", "factory", "options", "log", … }'
import { appendFileSync, openSync, readFileSync, writeSync } from "node:fs";

import { loadStore } from "../../dist/testing/store-load.js";
import { parseRecords } from "../../dist/testing/store-record.js";

const { driver, factory, options, log, ...load } = JSON.parse(process.argv[2]);
const { [factory]: openStore } = await import(driver);
const store = await openStore(options);

// The last round may have been killed in the middle of a line.
appendFileSync(log, "\n");
const records = parseRecords(readFileSync(log, "utf8"));
const file = openSync(log, "a");
process.stdout.write("ready\n");
await loadStore({
  ...load,
  store,
  records,
  record: (record) => writeSync(file, `${JSON.stringify(record)}\n`),
});
