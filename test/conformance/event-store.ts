/** What a session has sent, so that a client that lost its stream can have the rest. */
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

interface StoredEvent {
  readonly stream: string;
  readonly message: JSONRPCMessage;
}

/** An event's id is its place in the list. */
export function createEventStore(): EventStore {
  const events: StoredEvent[] = [];
  return {
    async storeEvent(stream, message) {
      return String(events.push({ stream, message }) - 1);
    },
    async getStreamIdForEventId(id) {
      return events[Number(id)]?.stream;
    },
    async replayEventsAfter(lastId, { send }) {
      const stream = events[Number(lastId)]?.stream ?? '';
      for (const [index, event] of events.entries()) {
        // The event that opens a stream carries no message.
        const isMissed = index > Number(lastId) && event.stream === stream;
        if (isMissed && Object.keys(event.message).length > 0) {
          await send(String(index), event.message);
        }
      }
      return stream;
    },
  };
}
