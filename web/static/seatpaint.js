// Painting the seat map.

// A seat's radius and the usual distance between two, in the plan's units.
const radius = 9;

// paint draws all of the model that the view shows. The view is {scale, x, y}:
// a point p of the plan is drawn at p * scale + (x, y), in pixels of the canvas.
export function paint(c, size, model, view, look) {
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.fillStyle = look.ground;
  c.fillRect(0, 0, size.width, size.height);
  const near = { left: -view.x / view.scale - 20, top: -view.y / view.scale - 20 };
  near.right = near.left + size.width / view.scale + 40;
  near.bottom = near.top + size.height / view.scale + 40;
  for (const a of model.areas) paintArea(c, model, a, view, look);
  const seen = sort(model, near, look);
  seats(c, model, seen.taken, view, radius * 0.55, look.taken);
  model.categories.forEach((category, k) => seats(c, model, seen.free[k], view, radius, category.color || look.ink));
  if (view.scale * 22 > 13 * look.ratio) numbers(c, model, seen.free.flat(), view, look);
  labels(c, model, near, view, look);
  for (const i of model.chosen) if (model.seat(i).row !== "") chosen(c, model, i, view, look);
}

// sort puts the seats in view into those that are taken and, by category, those
// that are free. Categories that are not looked at count as taken.
function sort(model, near, look) {
  const seen = { taken: [], free: model.categories.map(() => []) };
  const { xs, ys } = model;
  for (const i of model.seated) {
    if (xs[i] < near.left || xs[i] > near.right || ys[i] < near.top || ys[i] > near.bottom) continue;
    const k = model.category[i];
    if (model.isFree(i) && !look.hidden.has(k)) seen.free[k].push(i);
    else seen.taken.push(i);
  }
  return seen;
}

// seats draws many seats of one colour as one path: squares while they are too
// small to tell, circles when near.
function seats(c, model, list, view, r, colour) {
  if (list.length === 0) return;
  const { xs, ys } = model;
  const half = Math.max(0.5, r * view.scale);
  c.fillStyle = colour;
  c.beginPath();
  if (half < 3) {
    for (const i of list) c.rect(xs[i] * view.scale + view.x - half, ys[i] * view.scale + view.y - half, half * 2, half * 2);
  } else {
    for (const i of list) {
      const x = xs[i] * view.scale + view.x;
      const y = ys[i] * view.scale + view.y;
      c.moveTo(x + half, y);
      c.arc(x, y, half, 0, 2 * Math.PI);
    }
  }
  c.fill();
}

// seatAgain draws a single seat over what is there.
export function seatAgain(c, model, i, view, look) {
  const x = model.xs[i] * view.scale + view.x;
  const y = model.ys[i] * view.scale + view.y;
  const half = Math.max(0.5, radius * view.scale) + 0.5;
  c.fillStyle = look.ground;
  c.fillRect(x - half, y - half, half * 2, half * 2);
  if (model.isFree(i) && !look.hidden.has(model.category[i])) seats(c, model, [i], view, radius, model.categoryOf(i).color || look.ink);
  else seats(c, model, [i], view, radius * 0.55, look.taken);
}

// chosen draws a place of the buyer's: larger, ringed and ticked, so that colour
// is not all that tells it apart.
function chosen(c, model, i, view, look) {
  const x = model.xs[i] * view.scale + view.x;
  const y = model.ys[i] * view.scale + view.y;
  const half = Math.max(radius * view.scale * 1.15, 6 * look.ratio);
  c.beginPath();
  c.arc(x, y, half, 0, 2 * Math.PI);
  c.fillStyle = look.ink;
  c.fill();
  c.lineWidth = half * 0.3;
  c.strokeStyle = look.ground;
  c.stroke();
  c.beginPath();
  c.moveTo(x - half * 0.42, y + half * 0.05);
  c.lineTo(x - half * 0.1, y + half * 0.38);
  c.lineTo(x + half * 0.45, y - half * 0.32);
  c.stroke();
}

function paintArea(c, model, a, view, look) {
  const half = a.half * view.scale;
  const x = a.x * view.scale + view.x;
  const y = a.y * view.scale + view.y;
  const k = model.category[a.places[0]];
  const open = a.free > 0 && !look.hidden.has(k);
  c.beginPath();
  c.roundRect(x - half, y - half, half * 2, half * 2, half * 0.18);
  c.globalAlpha = 0.16;
  c.fillStyle = open ? model.categories[k].color || look.ink : look.taken;
  c.fill();
  c.globalAlpha = 1;
  c.lineWidth = 1.5 * look.ratio;
  c.strokeStyle = open ? model.categories[k].color || look.ink : look.taken;
  c.stroke();
  const size = Math.min(22 * look.ratio, half * 0.22);
  if (size < 4.5 * look.ratio) return;
  c.fillStyle = look.ink;
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.font = `600 ${size}px system-ui, sans-serif`;
  c.fillText(a.name, x, y - size * 0.75, half * 1.8);
  c.font = `${size * 0.72}px system-ui, sans-serif`;
  const mine = a.places.filter((i) => model.chosen.has(i)).length;
  c.fillText(`standing · ${a.free > 0 ? `${a.free.toLocaleString()} free` : "none free"}`, x, y + size * 0.35, half * 1.8);
  if (mine > 0) {
    c.font = `600 ${size * 0.8}px system-ui, sans-serif`;
    c.fillText(`✓ ${mine} chosen`, x, y + size * 1.5, half * 1.8);
  }
}

// numbers writes the seats' numbers once they are large enough to hold them.
function numbers(c, model, list, view, look) {
  c.fillStyle = "#fff";
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.font = `600 ${9 * view.scale}px system-ui, sans-serif`;
  for (const i of list) c.fillText(model.seat(i).number, model.xs[i] * view.scale + view.x, model.ys[i] * view.scale + view.y, 16 * view.scale);
  c.fillStyle = look.faint;
  c.font = `600 ${10 * view.scale}px system-ui, sans-serif`;
  for (const row of model.rows) rowName(c, model, row, view);
}

// rowName writes a row's name beside its first seat, away from the second.
function rowName(c, model, row, view) {
  const i = row.first;
  const next = row.last === i ? i : i + 1;
  let dx = model.xs[i] - model.xs[next];
  let dy = model.ys[i] - model.ys[next];
  const length = Math.hypot(dx, dy);
  [dx, dy] = length === 0 ? [-22, 0] : [(dx / length) * 20, (dy / length) * 20];
  c.fillText(row.name, (model.xs[i] + dx) * view.scale + view.x, (model.ys[i] + dy) * view.scale + view.y);
}

// labels names the blocks of seats, while single seats cannot be read yet.
function labels(c, model, near, view, look) {
  const size = Math.min(15 * look.ratio, 70 * view.scale);
  if (size < 7 * look.ratio || view.scale * 22 > 13 * look.ratio) return;
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.font = `700 ${size}px system-ui, sans-serif`;
  c.lineWidth = size * 0.28;
  c.lineJoin = "round";
  for (const z of model.zones) {
    if (z.standing || z.x < near.left || z.x > near.right || z.y < near.top || z.y > near.bottom) continue;
    c.strokeStyle = look.ground;
    c.strokeText(z.name, z.x * view.scale + view.x, z.y * view.scale + view.y);
    c.fillStyle = look.ink;
    c.fillText(z.name, z.x * view.scale + view.x, z.y * view.scale + view.y);
  }
}

// ring marks where the keyboard is.
export function ring(c, x, y, half, look) {
  c.beginPath();
  c.arc(x, y, half, 0, 2 * Math.PI);
  c.lineWidth = 3 * look.ratio;
  c.strokeStyle = look.focus;
  c.stroke();
}
