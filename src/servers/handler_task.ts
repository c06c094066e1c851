import type { CancelScope } from "../concurrency/cancel_scope.ts";
import { type ContextValues, nextTaskId, type TaskInfo } from "../concurrency/context.ts";
import { ReentrantContext } from "../concurrency/reentrant_context.ts";

/** @internal One run of a handler: its task and its context in one object, as there is one for each datagram. */
export class HandlerTask extends ReentrantContext implements TaskInfo {
	id: number = nextTaskId();
	values: ContextValues;
	parkedIn: CancelScope | undefined = undefined;

	constructor(scope: CancelScope, values: ContextValues) {
		super(scope);
		this.values = values;
	}

	/** Makes it the task of another run. */
	renew(): void {
		this.id = nextTaskId();
		this.parkedIn = undefined;
	}

	get name(): string {
		return `Task-${this.id}`;
	}

	get task(): TaskInfo {
		return this;
	}
}
