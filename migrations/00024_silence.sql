-- What was said last of a fact about somebody at work, by the task first: what was said for other tasks grows for ever, and none of it counts.

-- +goose Up

CREATE INDEX observation_now_task_idx ON observation_now (task_id, subject, fact);
