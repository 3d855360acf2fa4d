/** A conversation's next event is tried for the first time, or it is to be tried again. */
export type Lane = 'first' | 'repeated';

/** How many more conversations of a Page may begin, and how many of them whose event is tried again. */
export type Room = Readonly<Record<Lane, number>>;

/** The part of the slots that conversations may take whose event is tried again; the rest is for first attempts. */
const REPEATED_SHARE = 1 / 4;

/** The slots in which conversations are handled side by side: shared among the Pages. */
export interface Slots {
  /** How many are taken. */
  readonly taken: number;
  /** How many a Page has taken. */
  takenBy(page: string): number;
  /**
   * How many a Page may take now. While it is the only one, all that are free; otherwise as long as it has fewer than are free, so
   * that whoever comes next finds some, however much one Page has to do.
   *
   * @param among how many Pages want some now
   */
  roomOf(page: string, among: number): Room;
  /** Takes one; returns what gives it back. */
  take(page: string, lane: Lane): () => void;
}

/**
 * Makes the slots.
 *
 * @param most how many there are, at least 1
 */
export function createSlots(most: number): Slots {
  const mostRepeated = Math.max(1, Math.floor(most * REPEATED_SHARE));
  const all = { first: 0, repeated: 0 };
  const pages = new Map<string, Record<Lane, number>>();
  const sum = ({ first, repeated }: Room) => first + repeated;

  const of = (page: string): Record<Lane, number> => {
    const known = pages.get(page) ?? { first: 0, repeated: 0 };
    pages.set(page, known);
    return known;
  };

  const share = (free: number, own: number, among: number): number =>
    pages.size === 1 ? free : Math.max(0, Math.min(Math.ceil((free - own) / 2), Math.ceil(free / among)));

  return {
    get taken() {
      return sum(all);
    },
    takenBy: (page) => sum(of(page)),
    roomOf(page, among) {
      const own = of(page);
      const room = share(most - sum(all), sum(own), among);
      return { first: room, repeated: Math.min(room, share(mostRepeated - all.repeated, own.repeated, among)) };
    },
    take(page, lane) {
      const own = of(page);
      all[lane] += 1;
      own[lane] += 1;
      return () => {
        all[lane] -= 1;
        own[lane] -= 1;
      };
    },
  };
}
