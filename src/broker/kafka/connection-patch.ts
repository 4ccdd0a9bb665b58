const connectsUnderWay = new WeakMap<object, Promise<unknown>>();

interface Queue {
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  checkPendingRequests(): void;
}

/** 2.2.4 re-arms a timer for ever on an idle connection, with a negative delay (about 900 wake-ups a second). */
export const patchIdleTimer = (queue: { scheduleCheckPendingRequests(this: Queue): void }): void => {
  queue.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const delayMs = Math.max(10, this.throttledUntil - Date.now());
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, delayMs);
  };
};

interface Connection {
  readonly socket?: { unref(): unknown } | null;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

/** A socket is let go once: kafkajs does it again at each failure and piles up listeners on a dead one. */
export const patchDisconnect = (connection: Connection): void => {
  const original = connection.disconnect;
  connection.disconnect = async function (this: Connection): Promise<unknown> {
    const done = await original.call(this);
    const { socket } = this;
    if (socket) socket.unref = () => socket;
    return done;
  };
};

/** Connecting is single: several requests that find a connection gone each open a socket into the same object. */
export const patchConnect = (connection: Connection): void => {
  const original = connection.connect;
  connection.connect = function (this: Connection): Promise<unknown> {
    const underWay = connectsUnderWay.get(this);
    if (underWay !== undefined) return underWay;
    const connect = original.call(this).finally(() => connectsUnderWay.delete(this));
    connectsUnderWay.set(this, connect);
    return connect;
  };
};
