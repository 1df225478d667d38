// Exchanges a folder and a link to a secret folder in a tight loop, and a file and a link to a secret file.
import fs from "node:fs";

const [, , folder, secret] = process.argv;
process.chdir(folder);
const attempt = (work) => {
  try {
    work();
  } catch {
    // Whatever is in the way is gone in the next round.
  }
};
process.send("ready");
for (;;) {
  attempt(() => fs.renameSync("swap", "real"));
  attempt(() => fs.symlinkSync(secret, "swap"));
  attempt(() => fs.renameSync("file", "real-file"));
  attempt(() => fs.symlinkSync(`${secret}/secret.txt`, "file"));
  attempt(() => fs.unlinkSync("file"));
  attempt(() => fs.renameSync("real-file", "file"));
  attempt(() => fs.unlinkSync("swap"));
  attempt(() => fs.renameSync("real", "swap"));
  // The one that is looked at may have been made anew meanwhile.
  if (fs.existsSync("real")) attempt(() => fs.rmSync("swap", { recursive: true, force: true }));
  attempt(() => fs.renameSync("real", "swap"));
}
