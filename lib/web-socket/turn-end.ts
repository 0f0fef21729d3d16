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
  // By index: a task may add further ones to the end of the list.
  for (let index = 0; index < tasks.length; index++) tasks[index]?.onTurnEnd()
  tasks.length = 0
}
