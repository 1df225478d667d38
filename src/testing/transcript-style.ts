/** How a transcript looks: like a chat, on paper, too. */
export const transcriptStyle = `
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 52rem; padding: 1.5rem 1rem 4rem; background: #f4f3f1; color: #1d1c1d;
  font: 15px/1.47 "Lato", "Helvetica Neue", "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; }
.thread { background: #fff; border: 1px solid #dddcdb; border-radius: 10px; margin-bottom: 1.25rem;
  padding-bottom: .6rem; overflow: hidden; }
h2 { font-size: 1rem; margin: 0 0 .4rem; padding: .65rem 1.1rem; border-bottom: 1px solid #e8e7e6; background: #faf9f8; }
.count { font-weight: 400; font-size: .8rem; color: #616061; margin-left: .35rem; }
.message, .deed { display: flex; gap: .65rem; padding: .45rem 1.1rem; }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 7px; color: #fff; font-weight: 700; font-size: 1.05rem;
  display: flex; align-items: center; justify-content: center; }
.body { min-width: 0; flex: 1; }
header { display: flex; flex-wrap: wrap; gap: .45rem; align-items: baseline; }
.author { font-weight: 800; }
.badge { background: #e8e7e6; color: #616061; border-radius: 3px; font-size: .62rem; font-weight: 700;
  padding: 1px 4px; position: relative; top: -1px; }
time { color: #616061; font-size: .75rem; }
.note { font-size: .72rem; color: #7a5b00; background: #fff4d6; border-radius: 9px; padding: 0 .5em; }
.text { overflow-wrap: anywhere; }
.text > :first-child { margin-top: 0; } .text > :last-child { margin-bottom: 0; }
.text p { margin: .15rem 0; white-space: pre-wrap; } .section { margin: .15rem 0; }
.text h3 { font-size: 1.1rem; margin: .3rem 0; }
.text hr { border: 0; border-top: 1px solid #dddcdb; margin: .5rem 0; }
.text blockquote { margin: .15rem 0; padding-left: .75rem; border-left: 4px solid #dddcdb; white-space: pre-wrap; }
.text .context { color: #616061; font-size: .8rem; white-space: pre-wrap; margin: .3rem 0; }
.text img { max-width: 100%; border-radius: 6px; }
.mention { background: #e8f2fb; color: #1264a3; border-radius: 3px; padding: 0 2px; }
.calls-all { background: #ffe2b8; }
a { color: #1264a3; text-decoration: none; }
code { font: .8em/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; color: #c0134c; background: #f6f5f4;
  border: 1px solid #e3e2e1; border-radius: 3px; padding: 1px 3px; }
pre { font: .75rem/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace; background: #f8f7f6; border: 1px solid #e3e2e1;
  border-radius: 4px; padding: .5rem .6rem; margin: .3rem 0; overflow-x: auto; white-space: pre-wrap; }
.file { border: 1px solid #dddcdb; border-radius: 8px; padding: .45rem .65rem; margin: .35rem 0; max-width: 36rem; }
.file .name { font-weight: 700; font-size: .86rem; } .file .size { font-weight: 400; color: #616061; margin-left: .3rem; }
.file img { max-width: 100%; max-height: 22rem; border-radius: 5px; margin-top: .3rem; display: block; }
.file pre { max-height: 15rem; margin-bottom: 0; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .45rem 0 .2rem; }
.button { border: 1px solid #bbbabb; border-radius: 5px; padding: .2rem .75rem; font-size: .82rem; font-weight: 700; background: #fff; }
.button.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.reactions { display: flex; gap: .3rem; margin-top: .25rem; }
.reaction { background: #f4f3f2; border: 1px solid #e3e2e1; border-radius: 12px; padding: 0 .5rem; font-size: .8rem; }
.deleted { background: #fdf3f4; } .deleted .text, .deleted .file { opacity: .55; text-decoration: line-through; }
.deleted .note { color: #a01038; background: #fbdde3; }
.whisper { background: #f3f8fd; }
.deed { align-items: center; color: #454245; font-size: .86rem; padding-top: .15rem; padding-bottom: .15rem; }
.deed .avatar { width: 20px; height: 20px; font-size: .7rem; border-radius: 5px; margin: 0 8px; }
.deed .text { white-space: normal; }
details { font-size: .78rem; color: #616061; margin: .2rem 0; } details ol { margin: .2rem 0; padding-left: 1.4rem; }
`;
