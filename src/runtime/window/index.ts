export { planWindow, type WindowRequest } from './plan-window.ts';
export type { OffsetBounds, WindowBounds } from './window-bounds.ts';
