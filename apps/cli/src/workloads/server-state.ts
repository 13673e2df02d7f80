/** Keeps track of how the process of a stdio server fares, from what the bridge tells. */
import type { StdioEvent } from '@thv/proxy/node';

export interface ServerState {
  hear(event: StdioEvent): void;
  readonly restarts: number;
  /** Why it does not serve; undefined when it does. */
  readonly trouble: { readonly isFinal: boolean; readonly why: string } | undefined;
}

export function createServerState(): ServerState {
  let restarts = 0;
  let lastEnd = 'its server ended';
  let trouble: ServerState['trouble'];
  return {
    get restarts() {
      return restarts;
    },
    get trouble() {
      return trouble;
    },
    hear(event) {
      switch (event.type) {
        case 'process-failed':
        case 'process-exited':
          lastEnd = event.reason;
          return;
        case 'restart-scheduled':
          trouble = {
            isFinal: false,
            why: `${lastEnd}; it is started again ${inSeconds(event.delay)} (attempt ${event.attempt})`,
          };
          return;
        case 'restart-abandoned':
          trouble = {
            isFinal: true,
            why: `${lastEnd}; it failed ${event.attempts} times and is not started again`,
          };
          return;
        case 'process-ready':
          if (trouble !== undefined) {
            restarts += 1;
          }
          trouble = undefined;
          return;
        default:
          return;
      }
    },
  };
}

function inSeconds(milliseconds: number): string {
  return milliseconds === 0 ? 'at once' : `after ${milliseconds / 1000} s`;
}
