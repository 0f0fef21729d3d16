/** Something that has work to do when the current turn of the event loop ends. */
export interface TurnEndTask {
  onTurnEnd(): void
}

const tasks: TurnEndTask[] = []

/**
 * Calls `task.onTurnEnd()` once all microtasks of this turn have run: everything that a handler sends in answer to one chunk
 * is then there, and leaves in one write. One `process.nextTick` serves every socket of the turn.
 */
export function runAtTurnEnd(task: TurnEndTask): void {
  if (tasks.push(task) === 1) process.nextTick(runTasks)
}

function runTasks(): void {
  let done = 0
  try {
    // By index: a task may add further ones to the end of the list.
    while (done < tasks.length) tasks[done++]?.onTurnEnd()
  } finally {
    // A transport that throws takes its own socket down, and no other.
    tasks.splice(0, done)
    if (tasks.length > 0) process.nextTick(runTasks)
  }
}
