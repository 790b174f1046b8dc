import { type Store, store } from '../store';
import { problemOf, run } from './graphql';
import { FollowChanges, type FollowChangesSubscription, GetChangeCursor } from './operations';
import { asProblem } from './problem';

export type Change = FollowChangesSubscription['userChanges'];

/** off: not begun, or ended; denied: the key may not read changes; away: there is no connection, and it will be tried again. */
export type FeedState = 'off' | 'connecting' | 'live' | 'away' | 'denied';

export interface FeedHandlers {
  /** A change has happened. */
  changed(change: Change): void;
  /** Changes were missed and cannot be had any more: what is shown has to be read afresh. */
  missed(): void;
  /** The key is not taken any more. */
  refused(): void;
}

/** Longest silence: the service sends something every 15 seconds. */
const silence = 45_000;
const longestWait = 30_000;
const forbiddenClose = 4403;

interface Message {
  type: string;
  payload?: unknown;
}

/**
 * Follows the changes of users over a WebSocket (graphql-transport-ws), and goes on where it was after each interruption.
 */
export class Feed {
  readonly state: Store<FeedState> = store<FeedState>('off');
  private cursor: string | null = null;
  private socket: WebSocket | null = null;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly key: string | null,
    private readonly handlers: FeedHandlers,
  ) {}

  /** Finds the place to begin at and connects. What is read after it has resolved misses nothing. */
  async start(): Promise<void> {
    if (this.ended) return;
    this.state.set('connecting');
    try {
      this.cursor = (await run(GetChangeCursor, {})).changeCursor;
      this.connect();
    } catch (error) {
      if (asProblem(error).code === 'FORBIDDEN') this.end('denied');
      else this.later();
    }
  }

  stop(): void {
    this.end('off');
  }

  /** Tries at once what would be tried later. */
  wake(): void {
    if (this.state.get() !== 'away') return;
    clearTimeout(this.retry);
    this.resume();
  }

  private resume(): void {
    if (this.ended) return;
    if (this.cursor === null) void this.start().then(() => this.handlers.missed());
    else this.connect();
  }

  private connect(): void {
    if (this.ended) return;
    this.state.set('connecting');
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/graphql`, 'graphql-transport-ws');
    this.socket = socket;
    socket.onopen = () => this.send('connection_init', this.key === null ? {} : { Authorization: `Bearer ${this.key}` });
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.closed(code);
    this.heard();
  }

  private receive(message: Message): void {
    this.heard();
    switch (message.type) {
      case 'connection_ack':
        this.subscribe();
        break;
      case 'ping':
        this.send('pong');
        break;
      case 'next':
        this.next(message.payload as { data: FollowChangesSubscription });
        break;
      case 'error':
        this.failed(problemOf((message.payload as Parameters<typeof problemOf>)[0]).code);
        break;
      case 'complete':
        this.socket?.close();
    }
  }

  private subscribe(): void {
    this.failures = 0;
    this.send('subscribe', { query: FollowChanges.toString(), variables: { after: this.cursor } }, '1');
    this.state.set('live');
  }

  private next({ data }: { data: FollowChangesSubscription }): void {
    this.cursor = data.userChanges.cursor;
    this.handlers.changed(data.userChanges);
  }

  private failed(code: string): void {
    if (code === 'FORBIDDEN') this.end('denied');
    if (code === 'CURSOR_EXPIRED') this.cursor = null;
    this.socket?.close();
  }

  private closed(code: number): void {
    clearTimeout(this.watchdog);
    this.socket = null;
    if (this.ended) return;
    if (code === forbiddenClose) {
      this.end('off');
      this.handlers.refused();
    } else if (this.cursor === null) this.resume();
    else this.later();
  }

  private later(): void {
    if (this.ended) return;
    this.state.set('away');
    const wait = Math.min(longestWait, 500 * 2 ** this.failures++);
    this.retry = setTimeout(() => this.resume(), wait * (0.5 + Math.random() / 2));
  }

  private heard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      const socket = this.socket;
      if (!socket) return;
      socket.onclose = socket.onmessage = null; // a dead connection takes long to close
      socket.close();
      this.closed(0);
    }, silence);
  }

  private end(state: FeedState): void {
    this.ended = true;
    clearTimeout(this.retry);
    clearTimeout(this.watchdog);
    this.socket?.close();
    this.state.set(state);
  }

  private send(type: string, payload?: unknown, id?: string): void {
    this.socket?.send(JSON.stringify({ id, type, payload }));
  }
}
