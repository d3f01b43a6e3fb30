-- Run once, when the volume is new.
CREATE DATABASE yourticket_sales_1;
CREATE DATABASE yourticket_sales_2;
