-- A small lending library that does not exist.
CREATE TABLE branch (id INTEGER PRIMARY KEY, name TEXT NOT NULL, town TEXT NOT NULL);
CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL, year INTEGER NOT NULL, pages INTEGER);
CREATE TABLE copy (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES book, branch_id INTEGER NOT NULL REFERENCES branch);
CREATE TABLE reader (id INTEGER PRIMARY KEY, name TEXT NOT NULL, joined TEXT NOT NULL, town TEXT NOT NULL);
CREATE TABLE loan (id INTEGER PRIMARY KEY, copy_id INTEGER NOT NULL REFERENCES copy, reader_id INTEGER NOT NULL REFERENCES reader,
                   taken TEXT NOT NULL, returned TEXT, fee_cents INTEGER NOT NULL DEFAULT 0);

INSERT INTO branch VALUES (1, 'Harbour', 'Northfold'), (2, 'Mill', 'Northfold'), (3, 'Hill', 'Easter'), (4, 'Depot', 'Lowmere');
INSERT INTO book VALUES
  (1, 'The Salt Road', 'Ida Fenn', 1987, 312), (2, 'Weather for Beginners', 'Oskar Lund', 2003, 148),
  (3, 'A House of Paper', 'Ida Fenn', 1994, 276), (4, 'Knots', 'Per Aaltonen', 1961, 96),
  (5, 'The Ninth Bell', 'Mara Quist', 2015, 421), (6, 'Bread and Ash', 'Mara Quist', 2019, 388),
  (7, 'Maps of Nowhere', 'Jon Idle', 2011, NULL), (8, 'Winter Ferry', 'Ida Fenn', 2001, 305);
INSERT INTO copy VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 3, 2), (5, 3, 3), (6, 4, 1), (7, 5, 1), (8, 5, 2), (9, 5, 3), (10, 6, 3), (11, 8, 2);
INSERT INTO reader VALUES
  (1, 'Anna Berg', '2019-03-02', 'Northfold'), (2, 'Bo Carr', '2020-11-17', 'Easter'), (3, 'Cleo Dahl', '2020-11-20', 'Northfold'),
  (4, 'Dov Eriksen', '2021-06-30', 'Lowmere'), (5, 'Eli Frost', '2022-01-05', 'Northfold'), (6, 'Fay Gold', '2023-09-12', 'Easter');
INSERT INTO loan VALUES
  (1, 1, 1, '2023-01-10', '2023-01-24', 0), (2, 3, 1, '2023-01-10', '2023-02-20', 250), (3, 7, 2, '2023-02-01', '2023-02-14', 0),
  (4, 8, 3, '2023-02-03', '2023-02-17', 0), (5, 4, 3, '2023-03-01', '2023-04-15', 310), (6, 10, 2, '2023-03-09', '2023-03-20', 0),
  (7, 5, 4, '2023-04-02', NULL, 0), (8, 7, 5, '2023-04-11', '2023-04-19', 0), (9, 2, 5, '2023-05-05', '2023-05-30', 110),
  (10, 11, 1, '2023-05-06', '2023-05-20', 0), (11, 9, 6, '2023-10-01', NULL, 0), (12, 1, 3, '2023-10-02', '2023-10-10', 0),
  (13, 6, 1, '2023-11-11', '2023-11-12', 0), (14, 7, 3, '2023-12-01', NULL, 0);
