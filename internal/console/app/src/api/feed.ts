import { type Store, store } from '../store';
import { problemOf, run } from './graphql';
import { FollowChanges, type FollowChangesSubscription, GetChangeCursor } from './operations';
import { asProblem, type Problem } from './problem';

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
/** A subscription that is refused is refused before this. */
const settling = 3_000;
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
  private pause = 0; // milliseconds that the service wants to be left alone
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private settle: ReturnType<typeof setTimeout> | undefined;
  private renewed = false; // the place to go on at was lost, and another one found, since it last went well
  private ended = false;

  constructor(
    private readonly key: string | null,
    private readonly handlers: FeedHandlers,
  ) {}

  /** Finds the place to begin at and connects. What is read after it has resolved misses nothing. */
  async start(): Promise<void> {
    await this.begin();
  }

  stop(): void {
    this.end('off');
  }

  /** Tries at once what would be tried later. */
  wake(): void {
    if (this.state.get() !== 'away') return;
    clearTimeout(this.retry);
    void this.resume();
  }

  private async resume(): Promise<void> {
    if (this.cursor !== null) this.connect();
    else if (await this.begin()) this.handlers.missed();
  }

  /** Whether a place to begin at was found. */
  private async begin(): Promise<boolean> {
    if (this.ended) return false;
    this.state.set('connecting');
    try {
      this.cursor = (await run(GetChangeCursor, {})).changeCursor;
      this.connect();
      return !this.ended;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code === 'FORBIDDEN') this.end('denied');
      else {
        this.pause = problem.retryAfter * 1000;
        this.later();
      }
      return false;
    }
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
    if (this.ended) return;
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
        this.failed(problemOf((message.payload as Parameters<typeof problemOf>)[0]));
        break;
      case 'complete':
        this.socket?.close();
    }
  }

  private subscribe(): void {
    this.send('subscribe', { query: FollowChanges.toString(), variables: { after: this.cursor } }, '1');
    // Nothing says that it is taken, but time and changes. After a failure that is waited for.
    if (this.failures === 0) this.state.set('live');
    this.settle = setTimeout(() => this.settled(), settling);
  }

  private settled(): void {
    clearTimeout(this.settle);
    this.failures = 0;
    this.renewed = false;
    this.state.set('live');
  }

  private next({ data }: { data: FollowChangesSubscription }): void {
    this.settled();
    this.cursor = data.userChanges.cursor;
    this.handlers.changed(data.userChanges);
  }

  private failed(problem: Problem): void {
    if (problem.code === 'FORBIDDEN') return this.end('denied');
    if (problem.code === 'CURSOR_EXPIRED') this.cursor = null;
    this.pause = problem.retryAfter * 1000;
    this.hangUp();
  }

  private closed(code: number): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.settle);
    this.socket = null;
    if (this.ended) return;
    if (code === forbiddenClose) {
      this.end('off');
      this.handlers.refused();
    } else if (this.cursor === null && !this.renewed) {
      this.renewed = true;
      void this.resume();
    } else this.later();
  }

  private later(): void {
    if (this.ended) return;
    this.state.set('away');
    const wait = 500 * 2 ** this.failures++ * (0.5 + Math.random() / 2);
    this.retry = setTimeout(() => this.resume(), Math.min(longestWait, Math.max(wait, this.pause)));
    this.pause = 0;
  }

  private heard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.hangUp(), silence);
  }

  /** Ends the connection without waiting for the other side: a dead one takes long to close. */
  private hangUp(): void {
    const socket = this.socket;
    if (!socket) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.closed(0);
  }

  private end(state: FeedState): void {
    this.ended = true;
    clearTimeout(this.retry);
    clearTimeout(this.watchdog);
    clearTimeout(this.settle);
    this.socket?.close();
    this.state.set(state);
  }

  private send(type: string, payload?: unknown, id?: string): void {
    this.socket?.send(JSON.stringify({ id, type, payload }));
  }
}
