// Zooming into a picture: how large it is, and where it lies, measured from the middle of the window. Pure.
export interface Zoom {
  /** 1 shows the whole picture. */
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MAX_SCALE = 8;
export const STEP = 1.5;
/** What a double click zooms to. */
export const CLOSE = 2.5;

/** How large a picture is when it is shown whole, never larger than it is. */
export function fitted(picture: Size, box: Size): Size {
  const scale = Math.min(1, box.width / Math.max(1, picture.width), box.height / Math.max(1, picture.height));
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Keeps the picture's edges outside the window, and a picture smaller than the window in its middle. */
export function kept(zoom: Zoom, fit: Size, box: Size): Zoom {
  const room = (side: "width" | "height"): number => Math.max(0, (fit[side] * zoom.scale - box[side]) / 2);
  const within = (at: number, most: number): number => Math.min(most, Math.max(-most, at)) || 0;
  return { scale: zoom.scale, x: within(zoom.x, room("width")), y: within(zoom.y, room("height")) };
}

/** Zooms by a factor so that what lies at a point (from the middle of the window) stays there. */
export function zoomed(zoom: Zoom, by: number, at: { x: number; y: number }, fit: Size, box: Size): Zoom {
  const scale = Math.min(MAX_SCALE, Math.max(1, zoom.scale * by));
  if (scale === 1) return WHOLE;
  const grown = scale / zoom.scale;
  return kept({ scale, x: at.x - (at.x - zoom.x) * grown, y: at.y - (at.y - zoom.y) * grown }, fit, box);
}

/** Moves the picture. */
export const moved = (zoom: Zoom, dx: number, dy: number, fit: Size, box: Size): Zoom =>
  kept({ scale: zoom.scale, x: zoom.x + dx, y: zoom.y + dy }, fit, box);
