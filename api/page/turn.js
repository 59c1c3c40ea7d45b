// One thing is loaded at a time: an older load that is still at it ends.

let turn = new AbortController();

// newTurn ends what is loaded, and returns the signal of what is loaded instead.
export function newTurn() {
  turn.abort();
  turn = new AbortController();
  return turn.signal;
}

export const thisTurn = () => turn.signal;
