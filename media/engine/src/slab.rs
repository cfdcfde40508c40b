//! A table whose places stay put, so that hot loops can hold numbers instead of ids.

use std::ops::{Index, IndexMut};

/// A table of `T`; a freed place is used again.
///
/// Whoever removes an entry also removes every place number that points to it.
#[derive(Debug)]
pub struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    /// Store `value` and return its place.
    pub fn insert(&mut self, value: T) -> usize {
        if let Some(place) = self.free.pop() {
            self.places[place] = Some(value);
            return place;
        }
        self.places.push(Some(value));
        self.places.len() - 1
    }

    /// Take the entry at `place` out.
    pub fn remove(&mut self, place: usize) -> Option<T> {
        let value = self.places.get_mut(place)?.take()?;
        self.free.push(place);
        Some(value)
    }

    /// Return the entry at `place`.
    pub fn get(&self, place: usize) -> Option<&T> {
        self.places.get(place)?.as_ref()
    }

    /// Return the entry at `place` for changing.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.places.get_mut(place)?.as_mut()
    }

    /// Visit every entry with its place.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let entries = self.places.iter().enumerate();
        entries.filter_map(|(place, value)| Some((place, value.as_ref()?)))
    }

    /// Visit every entry with its place, for changing.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        let entries = self.places.iter_mut().enumerate();
        entries.filter_map(|(place, value)| Some((place, value.as_mut()?)))
    }

    /// Return how many places there are, free ones included.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Return how many entries there are.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Return whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Index<usize> for Slab<T> {
    type Output = T;

    /// Return the entry; a dangling place is a bug of ours and panics.
    fn index(&self, place: usize) -> &T {
        self.get(place).expect("a place that is taken")
    }
}

impl<T> IndexMut<usize> for Slab<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        self.get_mut(place).expect("a place that is taken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_place_is_used_again() {
        let mut slab = Slab::default();
        let first = slab.insert('a');
        let second = slab.insert('b');
        assert_eq!(slab.remove(first), Some('a'));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.insert('c'), first);
        assert_eq!(slab.iter().count(), 2);
        assert_eq!((slab[first], slab[second], slab.len()), ('c', 'b', 2));
    }
}
