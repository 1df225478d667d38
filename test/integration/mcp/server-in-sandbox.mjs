// A server as people write them. It is run in a sandbox, which shows the packages at /sources/node_modules.
const packages = process.argv[2];
const { McpServer } = await import(`${packages}/@modelcontextprotocol/server/dist/index.mjs`);
const { serveStdio } = await import(`${packages}/@modelcontextprotocol/server/dist/stdio.mjs`);
const { readFile, writeFile } = await import("node:fs/promises");

const text = (said) => ({ content: [{ type: "text", text: said }] });
const server = () => {
  const made = new McpServer({ name: "inside", version: "1.0.0" });
  made.registerTool("pid", { description: "Its process." }, () => text(String(process.pid)));
  made.registerTool("env", { description: "Its environment." }, () =>
    text(JSON.stringify(process.env)),
  );
  made.registerTool("crash", { description: "Ends it." }, () => {
    process.stderr.write("about to end\n");
    process.exit(7);
  });
  made.registerTool("note", { description: "Writes a file." }, async () => {
    await writeFile("/workspace/note.txt", "from the server");
    return text(await readFile("/workspace/note.txt", "utf8"));
  });
  made.registerTool("reach", { description: "Asks a server of the host." }, async () => {
    const answer = await fetch(process.env.HOST_URL).catch(
      (error) => error.cause?.code ?? "failed",
    );
    return text(String(answer));
  });
  made.registerTool("picture", { description: "Gives a picture." }, () => ({
    content: [
      { type: "image", data: Buffer.from("picture").toString("base64"), mimeType: "image/png" },
    ],
  }));
  made.registerTool("much", { description: "Gives a lot." }, () => text("x".repeat(3_000_000)));
  return made;
};
serveStdio(server);
