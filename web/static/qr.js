// QR codes (ISO/IEC 18004) of texts, as bytes with error correction level M,
// versions 1 to 20: up to 666 bytes, far more than a ticket's code has.

// For each version: bytes of error correction in a block, and blocks.
const correction = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const blockCount = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

// qr gives the rows of the code; true is a dark module.
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  const version = versionFor(bytes.length);
  const grid = new Grid(version);
  grid.patterns();
  grid.data(interleave(encode(bytes, version), version));
  return grid.masked();
}

// modules free for data and correction, in bytes.
function rawBytes(version) {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const n = Math.floor(version / 7) + 2;
    bits -= (25 * n - 10) * n - 55;
    if (version >= 7) bits -= 36;
  }
  return bits >> 3;
}

const dataBytes = (version) => rawBytes(version) - correction[version - 1] * blockCount[version - 1];
const headerBits = (version) => (version < 10 ? 12 : 20);

function versionFor(length) {
  for (let v = 1; v <= 20; v++) if (headerBits(v) + 8 * length <= 8 * dataBytes(v)) return v;
  throw new Error("The text is too long for a code.");
}

// encode packs mode, length and bytes, and pads to the version's size.
function encode(bytes, version) {
  const bits = [];
  const put = (value, n) => { for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1); };
  put(4, 4);
  put(bytes.length, headerBits(version) - 4);
  for (const b of bytes) put(b, 8);
  const room = dataBytes(version) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: room / 8 }, (_, i) => bits.slice(i * 8, i * 8 + 8).reduce((v, bit) => v * 2 + bit, 0));
}

// interleave splits the data into blocks, adds each block's correction and
// takes turns through them.
function interleave(data, version) {
  const blocks = blockCount[version - 1];
  const extra = correction[version - 1];
  const short = Math.floor(rawBytes(version) / blocks) - extra;
  const longer = rawBytes(version) % blocks; // The last blocks hold one byte more.
  const divisor = generator(extra);
  const parts = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const size = short + (i < blocks - longer ? 0 : 1);
    const block = data.slice(at, at + size);
    parts.push({ block, rest: remainder(block, divisor) });
    at += size;
  }
  const out = [];
  for (let i = 0; i <= short; i++) for (const p of parts) if (i < p.block.length) out.push(p.block[i]);
  for (let i = 0; i < extra; i++) for (const p of parts) out.push(p.rest[i]);
  return out;
}

// times multiplies in GF(256) with the polynomial 0x11d.
function times(a, b) {
  let z = 0;
  for (let i = 7; i >= 0; i--) {
    z = (z << 1) ^ ((z >> 7) * 0x11d);
    if ((b >> i) & 1) z ^= a;
  }
  return z;
}

function generator(degree) {
  const g = new Array(degree).fill(0);
  g[degree - 1] = 1;
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2)) {
    for (let j = 0; j < degree; j++) g[j] = times(g[j], root) ^ (g[j + 1] ?? 0);
  }
  return g;
}

function remainder(data, divisor) {
  const rest = new Array(divisor.length).fill(0);
  for (const b of data) {
    const factor = b ^ rest.shift();
    rest.push(0);
    divisor.forEach((d, i) => { rest[i] ^= times(d, factor); });
  }
  return rest;
}

const masks = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

// Grid is the square of modules. Fixed modules belong to patterns and are not
// masked.
class Grid {
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.fixed = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
  }

  set(x, y, dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y][x] = dark;
    this.fixed[y][x] = true;
  }

  patterns() {
    const { size } = this;
    for (let i = 0; i < size; i++) {
      this.set(6, i, i % 2 === 0);
      this.set(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) this.square(x, y, 4, (d) => d !== 2 && d !== 4);
    const at = this.alignments();
    at.forEach((x, i) => at.forEach((y, j) => {
      const corner = (i === 0 && j === 0) || (i === 0 && j === at.length - 1) || (i === at.length - 1 && j === 0);
      if (!corner) this.square(x, y, 2, (d) => d !== 1);
    }));
    this.format(0);
    this.versionBits();
  }

  // square draws rings around a middle; ring tells which distances are dark.
  square(x, y, reach, ring) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) this.set(x + dx, y + dy, ring(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  alignments() {
    if (this.version === 1) return [];
    const n = Math.floor(this.version / 7) + 2;
    const step = Math.ceil((this.version * 4 + 4) / (n * 2 - 2)) * 2;
    return Array.from({ length: n }, (_, i) => (i === 0 ? 6 : this.size - 7 - (n - 1 - i) * step));
  }

  // format writes level M and the mask, twice, with its own correction.
  format(mask) {
    let rest = mask;
    for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((mask << 10) | rest) ^ 0x5412;
    const bit = (i) => ((bits >> i) & 1) === 1;
    const { size } = this;
    for (let i = 0; i < 6; i++) this.set(8, i, bit(i));
    this.set(8, 7, bit(6));
    this.set(8, 8, bit(7));
    this.set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) this.set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) this.set(size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) this.set(8, size - 15 + i, bit(i));
    this.set(8, size - 8, true);
  }

  versionBits() {
    if (this.version < 7) return;
    let rest = this.version;
    for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let i = 0; i < 18; i++) {
      const [a, b] = [this.size - 11 + (i % 3), Math.floor(i / 3)];
      this.set(a, b, ((bits >> i) & 1) === 1);
      this.set(b, a, ((bits >> i) & 1) === 1);
    }
  }

  // data fills the free modules in the zigzag of the standard.
  data(bytes) {
    let i = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step++) {
        const up = ((right + 1) & 2) === 0;
        const y = up ? this.size - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (this.fixed[y][x]) continue;
          this.dark[y][x] = i < bytes.length * 8 && ((bytes[i >> 3] >> (7 - (i & 7))) & 1) === 1;
          i++;
        }
      }
    }
  }

  // masked gives the modules under the mask that is easiest to read.
  masked() {
    let best = { penalty: Infinity, rows: null };
    masks.forEach((mask, k) => {
      this.format(k);
      const rows = this.dark.map((row, y) => row.map((dark, x) => (this.fixed[y][x] ? dark : dark !== mask(x, y))));
      const penalty = penaltyOf(rows);
      if (penalty < best.penalty) best = { penalty, rows };
    });
    return best.rows;
  }
}

// penaltyOf rates what makes a code hard to read: long runs, blocks, likenesses
// of the corner patterns, and an excess of dark or light.
function penaltyOf(rows) {
  const columns = rows[0].map((_, x) => rows.map((row) => row[x]));
  let penalty = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
    for (let i = 0; i + 11 <= text.length; i++) {
      const part = text.slice(i, i + 11);
      if (part === "10111010000" || part === "00001011101") penalty += 40;
    }
  }
  let dark = 0;
  for (let y = 0; y < rows.length; y++) {
    for (let x = 0; x < rows.length; x++) {
      if (rows[y][x]) dark++;
      if (y > 0 && x > 0 && rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x - 1]) penalty += 3;
    }
  }
  return penalty + 10 * Math.floor(Math.abs(dark / rows.length ** 2 - 0.5) * 20);
}
