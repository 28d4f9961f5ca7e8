-- Request ids begin with the time, so the primary key is in the order of time too. An index of an account's rows is one
-- more page to write for each charge: the one that only repeated that order is gone.
DROP INDEX requests_by_time;
