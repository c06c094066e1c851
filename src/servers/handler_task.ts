import type { CancelScope } from "../concurrency/cancel_scope.ts";
import { type Context, type ContextValues, nextTaskId, type TaskInfo } from "../concurrency/context.ts";

/** @internal One run of a handler: task and context in one, as there is one for each datagram. */
export class HandlerTask implements TaskInfo, Context {
	readonly id: number = nextTaskId();
	readonly scope: CancelScope;
	values: ContextValues;
	parkedIn: CancelScope | undefined = undefined;

	constructor(scope: CancelScope, values: ContextValues) {
		this.scope = scope;
		this.values = values;
	}

	get name(): string {
		return `Task-${this.id}`;
	}

	get task(): TaskInfo {
		return this;
	}
}
