interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

// Not exported by the package; its version is pinned, and a test counts the timers.
const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
const { scheduleCheckPendingRequests: schedule } = prototype;

/**
 * kafkajs 2.2.4 looks after requests that wait to be sent every millisecond, on every connection, for as long as none waits: 3.5 % of a core
 * for each service that does nothing. What begins to wait later asks for itself to be looked after.
 */
prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this);
};
