/** Why a way to the services cannot be gone on this machine; the next way is tried. */
export class Obstacle extends Error {
  override readonly name = 'Obstacle';
}
