// SPDX-License-Identifier: LGPL-2.1-or-later
// outside.js URL: looks at a screen by ws, the WebSocket client of Xen Orchestra:
// a ping, RFB's first words, all of the screen, and a close. Says what it saw.
const WebSocket = require("ws");
const ws = new WebSocket(process.argv[2], "binary", { rejectUnauthorized: false });
let got = Buffer.alloc(0);
const steps = [ // how many bytes are waited for, and what is said then
  [12, () => Buffer.from("RFB 003.003\n")],
  [4, () => Buffer.from([1])],
  [24, (m) => {
    const [w, h] = [m.readUInt16BE(0), m.readUInt16BE(2)];
    steps.push([m.readUInt32BE(20), () => Buffer.from([3, 0, 0, 0, 0, 0, w >> 8, w & 255, h >> 8, h & 255])]);
    steps.push([16 + w * h * 4, (all) => { console.log(`${w}x${h} ${all.subarray(-4).toString("hex")}`); ws.close(1000); }]);
  }],
];
ws.on("open", () => ws.ping("hello"));
ws.on("pong", (data) => console.log(`${ws.protocol} pong ${data}`));
ws.on("message", (data, isBinary) => {
  got = Buffer.concat([got, data]);
  while (isBinary && steps.length && got.length >= steps[0][0]) {
    const [n, say] = steps.shift();
    const answer = say(got.subarray(0, n));
    got = got.subarray(n);
    if (answer) ws.send(answer);
  }
});
ws.on("close", (code) => console.log(`closed ${code}`));
ws.on("error", (e) => console.log(e.message));
